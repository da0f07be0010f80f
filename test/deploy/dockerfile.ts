/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  /** Upper case. */
  readonly name: string;
  readonly value: string;
}

/** The instructions of a Dockerfile, without comments. Throws at a line that begins no instruction. */
export function instructionsOf(text: string): readonly Instruction[] {
  const joined = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '');
  return joined
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const match = /^([A-Z]+)\s+(.+)$/.exec(line);
      if (match?.[1] === undefined || match[2] === undefined) throw new Error(`no instruction: ${line}`);
      return { name: match[1], value: match[2] };
    });
}

/** The instructions by stage, each beginning with its FROM. */
export function stagesOf(instructions: readonly Instruction[]): readonly (readonly Instruction[])[] {
  const stages: Instruction[][] = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') stages.push([instruction]);
    else stages.at(-1)?.push(instruction);
  }
  return stages;
}

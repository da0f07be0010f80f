/** Whether a header's name, in whatever case, is this one, which is in lower case. Most differ in their length. */
export function isNamed(name: string | undefined, lower: string): boolean {
  return name?.length === lower.length && name.toLowerCase() === lower;
}

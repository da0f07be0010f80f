import { FileSchema } from './schema.ts';
import { expectation, type Shape, shapeOf } from './shape.ts';

/** One key of the file, as documentation tells it. */
export interface KeyReference {
  /** `providers[].base_url`, `model_routes.<pattern>[].model`. */
  readonly path: string;
  /** What may stand there. */
  readonly values: string;
  /** As one writes it in the file; `required` without one. */
  readonly fallback: string;
  /** `s`, `bytes` or empty. */
  readonly unit: string;
  readonly meaning: string;
}

/** Every key that holds a value, in the schema's order: the one source of the documentation's tables. */
export function keyReference(): KeyReference[] {
  return keysWithin(shapeOf(FileSchema), '');
}

function keysWithin(shape: Shape, path: string): KeyReference[] {
  if (shape.kind === 'object') {
    return [...shape.entries].flatMap(([key, inner]) =>
      keysWithin(inner, path === '' ? key : `${path}.${key}`),
    );
  }
  if (shape.kind === 'list' && shape.item.kind === 'object') return keysWithin(shape.item, `${path}[]`);
  if (shape.kind === 'map' && shape.value.kind === 'list')
    return keysWithin(shape.value, `${path}.<pattern>`);
  return [
    {
      path,
      values: expectation(shape, 65_535),
      fallback: fallbackText(shape),
      unit: shape.metadata.unit ?? '',
      meaning: shape.description,
    },
  ];
}

function fallbackText(shape: Shape): string {
  if (shape.metadata.defaultText !== undefined) return shape.metadata.defaultText;
  return shape.optional ? `\`${JSON.stringify(shape.fallback)}\`` : 'required';
}

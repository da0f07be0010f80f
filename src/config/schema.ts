import * as v from 'valibot';
import { ProviderSchema, RouteTargetSchema } from './schema-providers.ts';
import { SettingsSchema } from './schema-settings.ts';

/** The whole file, as users write it: times in seconds, sizes in bytes. */
export const FileSchema = v.object({
  providers: v.optional(
    v.pipe(
      v.array(ProviderSchema),
      v.description('The services that requests may go to, in order of preference.'),
    ),
    [],
  ),
  model_routes: v.optional(
    v.pipe(
      v.record(v.string(), v.array(RouteTargetSchema)),
      v.description(
        'Model name or pattern with `*` → the providers that may serve it. An exact name goes first, then patterns in the file’s order. Without routes every enabled provider serves every model.',
      ),
    ),
    {},
  ),
  settings: v.optional(SettingsSchema, {}),
});

export type ConfigFile = v.InferOutput<typeof FileSchema>;
export type ProviderEntry = ConfigFile['providers'][number];
export type RouteTargetEntry = ConfigFile['model_routes'][string][number];
export type SettingsEntry = ConfigFile['settings'];

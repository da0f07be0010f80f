import { describe, expect, it } from 'vitest';
import { compatFor } from '../../../src/protocols/openai/compat-hosts.ts';
import { compatOf } from '../../../src/protocols/openai/compat-settings.ts';

describe('what a provider takes', () => {
  it('is what its host is known for where the configuration says nothing', () => {
    expect(compatOf('api.deepseek.com', 'deepseek-chat')).toEqual(
      compatFor('api.deepseek.com', 'deepseek-chat'),
    );
  });

  it('is what the configuration says before that, key by key', () => {
    const known = compatFor('api.deepseek.com', 'm');
    expect(
      compatOf('api.deepseek.com', 'm', { images: true, maxTokensLimit: 8192, contextWindow: 1000 }),
    ).toEqual({
      ...known,
      images: true,
      maxTokensLimit: 8192,
    });
  });

  it.each([
    ['none', { reasoning: 'none', reasoningBack: 'none', reasoningBackRequired: false, thinkTags: 'no' }],
    ['effort', { reasoning: 'effort' }],
    ['reasoning_content', { reasoningBack: 'reasoning_content' }],
    ['openrouter', { reasoning: 'openrouter', reasoningBack: 'reasoning_details' }],
    ['think_tags', { thinkTags: 'yes' }],
  ] as const)('thinks in the way that is named: %s', (reasoning, changes) => {
    const known = compatFor('api.deepseek.com', 'm');
    expect(compatOf('api.deepseek.com', 'm', { reasoning })).toEqual({ ...known, ...changes });
  });

  it('has the fields of both in its body', () => {
    const known = compatFor('api.z.ai', 'glm-5');
    const { extraBody } = compatOf('api.z.ai', 'glm-5', { extraBody: { seed: 1 } });
    expect(extraBody).toEqual({ ...known.extraBody, seed: 1 });
    expect(Object.keys(known.extraBody).length).toBeGreaterThan(0);
    expect(compatOf('a.example', 'm', { dropFields: ['user'] }).dropFields).toEqual(['user']);
  });
});

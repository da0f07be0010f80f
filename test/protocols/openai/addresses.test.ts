import { describe, expect, it } from 'vitest';
import { completionsUrl, isAzure, modelsUrl } from '../../../src/protocols/openai/addresses.ts';

describe('where completions are asked for', () => {
  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com', 'https://api.openai.com/v1/chat/completions'],
    ['http://127.0.0.1:11434', 'http://127.0.0.1:11434/v1/chat/completions'],
    ['https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1/chat/completions'],
    ['https://openrouter.ai/api', 'https://openrouter.ai/api/v1/chat/completions'],
    ['https://api.groq.com/openai', 'https://api.groq.com/openai/v1/chat/completions'],
    [
      'https://generativelanguage.googleapis.com/v1beta/openai',
      'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions',
    ],
    ['https://api.z.ai/api/paas/v4', 'https://api.z.ai/api/paas/v4/chat/completions'],
    ['https://models.github.ai/inference', 'https://models.github.ai/inference/chat/completions'],
    ['https://mine.openai.azure.com', 'https://mine.openai.azure.com/openai/v1/chat/completions'],
    [
      'https://mine.openai.azure.com/openai/deployments/gpt?api-version=1',
      'https://mine.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1',
    ],
    ['https://api.perplexity.ai/chat/completions', 'https://api.perplexity.ai/chat/completions'],
  ])('%s: %s', (base, url) => {
    expect(completionsUrl(base)).toBe(url);
  });

  it('models stand beside them', () => {
    expect(modelsUrl('https://api.perplexity.ai/chat/completions')).toBe('https://api.perplexity.ai/models');
    expect(modelsUrl('https://openrouter.ai/api')).toBe('https://openrouter.ai/api/v1/models');
  });

  it('at Azure, whatever the service is called', () => {
    const hosts = [
      'mine.openai.azure.com',
      'mine.services.ai.azure.com',
      'azure.com.example',
      'openai.azure.com.example',
    ];
    expect(hosts.map((host) => isAzure(`https://${host}/x`))).toEqual([true, true, false, false]);
  });
});

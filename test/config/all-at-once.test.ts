import { describe, expect, test } from 'vitest';
import { GOOD_PROVIDER, told } from './support.ts';

/** What a check says of a text, without the suggestions. */
function errors(text: string): string[] {
  return told(text, 'check').filter((line) => line.includes(': error: '));
}

describe('one mistake hides no other:', () => {
  test('a provider without a name is still looked at, and so are the routes to others', () => {
    const text = `${GOOD_PROVIDER}  - base_url: htp://a.example
    proxy: ftp://b.example
    headers: { "bad header": x }
model_routes:
  "*":
    - provider: good
    - provider: goood
    - model: passthrough
`;
    expect(errors(text)).toEqual([
      '5:5: error: providers[1].name: a required key is missing: found nothing, expected text',
      '5:5: error: providers[1].auth_value: this provider is not used: it has no credential',
      '5:15: error: providers[1].base_url: this provider is not used: its base_url is not an address that can be used',
      '6:12: error: providers[1].proxy: this provider is not used: its proxy is not an address that can be used',
      '7:30: error: providers[1].headers["bad header"]: this header is not sent: its name holds characters that no header can have',
      '12:7: error: model_routes["*"][2].provider: a required key is missing: found nothing, expected text',
    ]);
  });

  test('a provider without an address is still known to routes, and its credential is looked at', () => {
    const text = `${GOOD_PROVIDER}  - name: second
    auth_value: ""
model_routes:
  "*": [{ provider: second }, { provider: sekond }]
`;
    expect(errors(text)).toEqual([
      '5:5: error: providers[1].base_url: a required key is missing: found nothing, expected text',
      '6:17: error: providers[1].auth_value: this provider is not used: it has no credential',
      '8:43: error: model_routes["*"][1].provider: there is no provider "sekond"; this target is skipped',
    ]);
  });

  test('a variable that is not set, an address, a proxy and a credential of one provider are told together', () => {
    const text = `${GOOD_PROVIDER}  - name: second
    base_url: ftp://a.example
    proxy: $\{NO_PROXY_SET}
    auth_value: "ke y"
`;
    expect(errors(text)).toEqual([
      '6:15: error: providers[1].base_url: this provider is not used: its base_url is not an address that can be used',
      '7:12: error: providers[1].proxy: this provider is not used: the environment variable NO_PROXY_SET is not set',
      '8:17: error: providers[1].auth_value: this provider is not used: its credential holds characters that no header can carry',
    ]);
  });

  test('a value that waits for a variable is not called empty or wrong besides', () => {
    const text = `${GOOD_PROVIDER}  - name: second
    base_url: $\{WHERE}
    auth_value: $\{KEY}
`;
    expect(errors(text)).toEqual([
      '6:15: error: providers[1].base_url: this provider is not used: the environment variable WHERE is not set',
      '7:17: error: providers[1].auth_value: this provider is not used: the environment variable KEY is not set',
    ]);
  });

  test('a second provider of the same name is looked at, though it is not used', () => {
    const text = `${GOOD_PROVIDER}  - name: good
    base_url: https://a.example/v1
`;
    expect(errors(text)).toEqual([
      '5:5: error: providers[1].auth_value: this provider is not used: it has no credential',
      '5:11: error: providers[1].name: a second provider "good"; only the first is used',
      '6:15: error: providers[1].base_url: the balancer adds /v1 itself; "/v1" at the end is cut',
    ]);
  });
});

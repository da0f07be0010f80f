import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/domain/secrets/secrets.ts';

const KEY = 'sk-abcdefghijklmnopqrstuvwxyz0123456789';
const { text, bytes } = createRedactor([KEY, 'hunter2!', 'a/b"c ü-passwörd']);

describe('a redactor', () => {
  it.each([
    [`Incorrect API key provided: ${KEY}.`, 'Incorrect API key provided: ***.'],
    [`${KEY} and ${KEY}`, '*** and ***'],
    [`${KEY}${KEY}`, '***'],
    ['key sk-abcdefghijklm… is wrong', 'key ***… is wrong'],
    ['key …uvwxyz0123456789 is wrong', 'key …*** is wrong'],
    ['sk-abcdefghijklm...xyz0123456789', '***...***'],
    ['short sk-abcdef… stays', 'short sk-abcdef… stays'],
    ['proxy password hunter2! here', 'proxy password *** here'],
    ['hunter2 without its end stays', 'hunter2 without its end stays'],
    ['raw a/b"c ü-passwörd', 'raw ***'],
    [`{"message":${JSON.stringify('a/b"c ü-passwörd')}}`, '{"message":"***"}'],
    ['{"message":"a\\/b\\"c \\u00fc-passw\\u00f6rd"}', '{"message":"***"}'],
    [`?key=${encodeURIComponent('a/b"c ü-passwörd')}&x`, '?key=***&x'],
    [`?key=${encodeURIComponent('a/b"c ü-passwörd').toLowerCase()}&x`, '?key=***&x'],
    ['nothing secret: 云雾', 'nothing secret: 云雾'],
    ['', ''],
  ])('makes of %j %j, in text and in bytes', (given, expected) => {
    expect(text(given)).toBe(expected);
    expect(bytes(Buffer.from(given)).toString()).toBe(expected);
  });

  it('gives back the very same buffer when nothing was found', () => {
    const clean = Buffer.from('{"type":"error"}');
    expect(bytes(clean)).toBe(clean);
  });

  it('does not look for secrets that are too short or empty', () => {
    const short = createRedactor(['', 'none', ' abc ']);
    expect(short.text('none of abc')).toBe('none of abc');
  });

  it('keeps bytes that are no text', () => {
    const binary = Buffer.concat([Buffer.from([0xff, 0x00, 0xe4]), Buffer.from(KEY), Buffer.from([0x80])]);
    expect(bytes(binary)).toEqual(
      Buffer.concat([Buffer.from([0xff, 0x00, 0xe4]), Buffer.from('***'), Buffer.from([0x80])]),
    );
  });

  it('never lets a secret through, wherever it stands', () => {
    const secret = fc
      .string({ minLength: 6, maxLength: 60 })
      .filter((it) => it.trim().length >= 6 && !it.includes('*'));
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.string(),
        (secrets, before, after) => {
          const redactor = createRedactor(secrets);
          for (const one of secrets) {
            const form = one.trim();
            const given = `${before}${form}${after}`;
            if (!`${before}${after}`.includes(form)) expect(redactor.text(given)).not.toContain(form);
            expect(redactor.bytes(Buffer.from(given)).includes(form)).toBe(false);
          }
        },
      ),
    );
  });
});

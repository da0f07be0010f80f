import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignatureScanner, signatureKey, signaturesIn } from '../../../src/protocols/anthropic/signatures.ts';

const A = 'RXJvd0NrZ0lDaEFDR0FJaVFB';
const B = 'RW9BQkNrWUlCaGdDS2tBb2FB';

describe('signatures', () => {
  it('are found in a request, whatever the spacing', () => {
    const body = `{"messages":[{"content":[{"type":"thinking","thinking":"x","signature":"${A}"},{"signature" : "${B}","type":"thinking"}]}]}`;
    expect(signaturesIn(Buffer.from(body))).toEqual([A, B]);
  });

  it('are not found in a text that speaks of them, nor where they are empty', () => {
    const text = JSON.stringify({ text: `{"signature":"${A}"}`, signature: '', other: '"signature":' });
    expect(signaturesIn(Buffer.from(text))).toEqual([]);
    expect(signaturesIn(Buffer.from('{"signature":5,"signature":'))).toEqual([]);
  });

  it('are found in an answer however it is cut', () => {
    const stream = Buffer.from(
      `event: content_block_start\ndata: {"content_block":{"type":"thinking","thinking":"","signature":""}}\n\nevent: content_block_delta\ndata: {"delta":{"type":"signature_delta","signature":"${A}"}}\n\ndata: {"delta":{"type":"signature_delta","signature":"${B}"}}\n\n`,
    );
    const whole: string[] = [];
    new SignatureScanner((found) => whole.push(found)).push(stream);
    expect(whole).toEqual([A, B]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), (cuts) => {
        const found: string[] = [];
        const scanner = new SignatureScanner((each) => found.push(each));
        const at = [0, ...cuts.toSorted((one, other) => one - other), stream.length];
        for (const [index, start] of at.slice(0, -1).entries())
          scanner.push(stream.subarray(start, at[index + 1]));
        // One whose name is cut is missed: a refusal mends that.
        expect(found.every((each) => each === A || each === B)).toBe(true);
        expect(new Set(found).size).toBe(found.length);
      }),
    );
  });

  it('are found where the cut goes through one', () => {
    const before = 'event: ping\ndata: {"type":"ping"}\n\n'.repeat(4);
    const stream = Buffer.from(`${before}data: {"type":"signature_delta","signature":"${A}"}`);
    const from = stream.indexOf('"signature":') + '"signature'.length;
    for (let cut = from; cut < stream.length; cut++) {
      const found: string[] = [];
      const scanner = new SignatureScanner((each) => found.push(each));
      scanner.push(stream.subarray(0, cut));
      scanner.push(stream.subarray(cut));
      expect(found).toEqual([A]);
    }
  });

  it('differ in their keys', () => {
    expect(signatureKey(A)).not.toBe(signatureKey(B));
    expect(signatureKey(A)).not.toBe(signatureKey(`${A}=`));
    expect(signatureKey(`${'x'.repeat(500)}${A}`).length).toBeLessThan(60);
  });
});

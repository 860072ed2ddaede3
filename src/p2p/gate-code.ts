/** Which of the reasons to close a wire are the gate's: refusals of who has no right, not of who misbehaves. */
const GATE_CODE = /^(?:GATE|TOKEN|LICENCE|LEASE|CREDIT|SERVER|ISSUER|DEVICE)_/;

export function isGateCode(code: string): boolean {
  return GATE_CODE.test(code);
}

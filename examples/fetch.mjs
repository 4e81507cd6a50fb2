// Calls a sold API with fetch, in plain Node 20 or later: prints the answer, what it cost and what is left.
// CALLORA_URL is the gateway's origin, CALLORA_TOKEN an access token (`callora login`).
const { CALLORA_URL: gateway, CALLORA_TOKEN: token } = process.env;
if (!gateway || !token) {
  console.error('set CALLORA_URL to the address of the gateway and CALLORA_TOKEN to an access token');
  process.exit(2);
}

const answer = await fetch(`${gateway}/demo/forecast/oslo`, { headers: { authorization: `Bearer ${token}` } });

if (answer.ok) {
  console.log(await answer.json());
  // Amounts are decimal texts of USDC. Keep them texts, or count in 1e-7 USDC: a float loses money.
  console.log(
    `price ${answer.headers.get('callora-price')} USDC, balance ${answer.headers.get('callora-balance')} USDC`,
  );
} else {
  process.exitCode = 1;
  // Every refusal is problem+json: `code` is stable, `detail` is for people.
  const problem = await answer.json();
  if (answer.status === 402) printWaysToPay(problem);
  else console.error(`refused with ${answer.status} ${problem.code}: ${problem.detail ?? problem.title}`);
}

function printWaysToPay({ code, title, price, available, shortfall, pay }) {
  console.error(`payment required (${code}): ${title}`);
  console.error(`a call costs ${price} USDC, ${available} USDC can be spent, ${shortfall} USDC are missing`);
  for (const { kind, ...terms } of pay) console.error(`pay by ${kind}:`, terms);
}

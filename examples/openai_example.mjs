// The stock `openai` client against an API sold through the gateway: the gateway's address is its base URL and the access
// token its API key. CALLORA_URL is the gateway's origin, CALLORA_TOKEN an access token (`callora login`).
import OpenAI from 'openai';

const { CALLORA_URL: gateway, CALLORA_TOKEN: token } = process.env;
if (!gateway || !token) {
  console.error('set CALLORA_URL to the address of the gateway and CALLORA_TOKEN to an access token');
  process.exit(2);
}

// What the client sends again when it fails is a call of its own; one that failed has cost nothing.
const client = new OpenAI({ baseURL: `${gateway}/demo/v1`, apiKey: token });
const messages = [{ role: 'user', content: 'pay by the call' }];

try {
  const whole = await client.chat.completions.create({ model: 'demo', messages }).withResponse();
  console.log(whole.data.choices[0].message.content);
  printCost(whole.response.headers);

  const streamed = await client.chat.completions.create({ model: 'demo', messages, stream: true }).withResponse();
  for await (const chunk of streamed.data) process.stdout.write(chunk.choices[0].delta.content ?? '');
  process.stdout.write('\n');
  printCost(streamed.response.headers);
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error;
  process.exitCode = 1;
  // The client keeps the body of a refusal, the gateway's problem+json, in `error`.
  if (error.status === 402) printWaysToPay(error.error);
  else console.error(error.message);
}

function printCost(headers) {
  console.log(`price ${headers.get('callora-price')} USDC, balance ${headers.get('callora-balance')} USDC`);
}

function printWaysToPay({ code, title, price, available, pay }) {
  console.error(`payment required (${code}): ${title}`);
  console.error(`a call costs ${price} USDC, ${available} USDC can be spent`);
  for (const { kind, ...terms } of pay) console.error(`pay by ${kind}:`, terms);
}

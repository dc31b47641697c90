const { sleep } = require("./aio.js");

async function sleeper(i) {
  await sleep(((i * 7) % 100) * 0.001);
  return i;
}

async function main(n) {
  const sleepers = [];
  for (let i = 0; i < n; i++) sleepers.push(sleeper(i));
  const results = await Promise.all(sleepers);
  console.log("checksum " + results.reduce((a, b) => a + b, 0));
}

main(Number(process.argv[2]));

const { sleep } = require("./aio.js");

async function worker(name, rounds) {
  let total = 0;
  for (let i = 0; i < rounds; i++) {
    await sleep(0);
    total += name * i;
  }
  return total;
}

async function main(n) {
  const workers = [];
  for (let name = 0; name < n; name++) workers.push(worker(name, 50));
  const results = await Promise.all(workers);
  console.log("checksum " + results.reduce((a, b) => a + b, 0));
}

main(Number(process.argv[2]));

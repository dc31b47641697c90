const { sleep } = require("./aio.js");

async function* readings(n) {
  for (let i = 0; i < n; i++) {
    if (i % 100 === 0) await sleep(0);
    yield (i * 17) % 1000;
  }
}

async function* smooth(items) {
  let last = 0;
  for await (const x of items) {
    last = Math.floor((last + x) / 2);
    yield last;
  }
}

async function main(n) {
  let total = 0;
  for await (const x of smooth(readings(n))) total += x;
  console.log("checksum " + total);
}

main(Number(process.argv[2]));

const { Queue } = require("./aio.js");

async function producer(queue, start, n) {
  for (let i = start; i < start + n; i++) await queue.put(i);
}

async function consumer(queue) {
  let total = 0;
  for (;;) {
    const item = await queue.get();
    if (item === null) return total;
    total += item;
  }
}

async function main(n) {
  const queue = new Queue(10);
  const consumers = [0, 1, 2].map(() => consumer(queue));
  await Promise.all([0, 1, 2].map((k) => producer(queue, k * n, n)));
  for (let i = 0; i < 3; i++) await queue.put(null);
  const totals = await Promise.all(consumers);
  console.log("checksum " + totals.reduce((a, b) => a + b, 0));
}

main(Number(process.argv[2]));

const { sleep } = require("./aio.js");

async function dive(depth, n) {
  if (depth > 0) return 1 + (await dive(depth - 1, n));
  let total = 0;
  for (let i = 0; i < n; i++) {
    await sleep(0);
    total += i;
  }
  return total;
}

dive(500, Number(process.argv[2])).then((x) => console.log("checksum " + x));

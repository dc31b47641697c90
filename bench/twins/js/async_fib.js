async function fib(n) {
  if (n < 2) return n;
  return (await fib(n - 1)) + (await fib(n - 2));
}

fib(Number(process.argv[2])).then((x) => console.log("checksum " + x));

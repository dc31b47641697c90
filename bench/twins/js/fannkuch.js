function fannkuch(n) {
  const perm = [], count = new Array(n).fill(0);
  for (let i = 0; i < n; i++) perm.push(i);
  let checksum = 0, most = 0, sign = 1, r = n;
  for (;;) {
    while (r !== 1) {
      count[r - 1] = r;
      r--;
    }
    let flips = 0;
    const p = perm.slice();
    let first = p[0];
    while (first !== 0) {
      for (let i = 0, j = first; i < j; i++, j--) {
        const swap = p[i];
        p[i] = p[j];
        p[j] = swap;
      }
      flips++;
      first = p[0];
    }
    if (flips > most) most = flips;
    checksum += sign * flips;
    sign = -sign;
    for (;;) {
      if (r === n) return [checksum, most];
      first = perm[0];
      for (let i = 0; i < r; i++) perm[i] = perm[i + 1];
      perm[r] = first;
      if (--count[r] > 0) break;
      r++;
    }
  }
}

const [checksum, most] = fannkuch(Number(process.argv[2]));
console.log(`checksum ${checksum} ${most}`);

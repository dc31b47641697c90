function makeText(n) {
  const syllables = ["ka", "to", "mi", "ne", "ru", "so", "ha", "yu", "li", "do"];
  const digit = (seed, power, base) => syllables[Math.floor(seed / power) % base];
  const words = [];
  let seed = 7;
  for (let i = 0; i < n; i++) {
    seed = (seed * 16807) % 2147483647;
    let word = digit(seed, 1, 10) + digit(seed, 10, 10);
    if (seed % 3 === 0) word += digit(seed, 100, 10) + digit(seed, 1000, 5);
    words.push(word);
  }
  return words.join(" ");
}

const text = makeText(Number(process.argv[2]));
const counts = new Map();
for (let round = 0; round < 4; round++) {
  for (const word of text.split(" ")) counts.set(word, (counts.get(word) || 0) + 1);
}
const ranking = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
let checksum = 0;
ranking.forEach(([word, count], rank) => {
  checksum = (checksum * 31 + count * (rank + 1) + word.length) % 1000000007;
});
console.log(`checksum ${checksum} ${counts.size} ${ranking[0][0]}`);

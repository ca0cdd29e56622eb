"""Wallets that really sign, put into the page before it starts: they stand in for extensions."""

SOLANA = """
(({name, features, late, decline}) => {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const base58 = bytes => {
    let value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n), text = "";
    for (; value > 0n; value /= 58n) text = alphabet[Number(value % 58n)] + text;
    return "1".repeat(bytes.findIndex(byte => byte !== 0)) + text;
  };
  let pair;
  const account = async () => {
    if (pair === undefined) {
      pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
      const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
      wallet.accounts = [{address: base58([...publicKey]), publicKey, chains: wallet.chains,
        features: Object.keys(wallet.features)}];
    }
    return wallet.accounts[0];
  };
  const sign = async bytes => {
    if (decline) throw Object.assign(new Error("User rejected the request."), {code: 4001});
    return new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, bytes));
  };
  const all = {
    "solana:signIn": {version: "1.0.0", signIn: async input => {
      const {address} = await account();
      const lines = [`${input.domain} wants you to sign in with your Solana account:`, address, "",
        input.statement, "", `URI: ${input.uri}`, `Version: ${input.version}`,
        `Chain ID: ${input.chainId}`, `Nonce: ${input.nonce}`, `Issued At: ${input.issuedAt}`,
        `Expiration Time: ${input.expirationTime}`];
      const signedMessage = new TextEncoder().encode(lines.join("\\n"));
      const signature = await sign(signedMessage);
      return [{account: wallet.accounts[0], signedMessage, signature, signatureType: "ed25519"}];
    }},
    "solana:signMessage": {version: "1.0.0", signMessage: async (...inputs) =>
      Promise.all(inputs.map(async ({message}) =>
        ({signedMessage: message, signature: await sign(message)})))},
    "solana:signTransaction": {version: "1.0.0", supportedTransactionVersions: ["legacy"],
      signTransaction: async (...inputs) => Promise.all(inputs.map(async ({transaction}) => {
        const signed = transaction.slice();
        signed.set(await sign(transaction.slice(65)), 1);
        return {signedTransaction: signed};
      }))},
  };
  const wallet = {
    version: "1.0.0", name, accounts: [], chains: ["solana:mainnet"],
    icon: "data:image/svg+xml;base64," + btoa('<svg xmlns="http://www.w3.org/2000/svg" '
      + 'viewBox="0 0 10 10"><circle cx="5" cy="5" r="5" fill="#7c5cff"/></svg>'),
    features: {
      "standard:connect": {version: "1.0.0",
        connect: async () => ({accounts: [await account()]})},
      "standard:events": {version: "1.0.0", on: () => () => {}},
    },
  };
  for (const feature of features) wallet.features[feature] = all[feature];
  const callback = ({register}) => register(wallet);
  const register = () => {
    window.dispatchEvent(new CustomEvent("wallet-standard:register-wallet", {detail: callback}));
    window.addEventListener("wallet-standard:app-ready", ({detail}) => callback(detail));
  };
  if (late) setTimeout(register, 1500); else register();
})
"""
"""A Wallet-Standard wallet with a fresh Ed25519 key that never leaves WebCrypto."""

ETHEREUM = """
(name => {
  const info = Object.freeze({uuid: crypto.randomUUID(), name, rdns: "example.test",
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"});
  const provider = {request: ({method, params}) => window.ethereumSigner(method, params ?? [])};
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider",
    {detail: Object.freeze({info, provider})}));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})
"""
"""An EIP-6963 wallet whose key is the test's: it asks through a function that the test exposes."""

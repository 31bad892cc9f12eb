// Import this to use `fetch`: `import 'purser-sdk/fetch';`. The component then imports `wasi:http/outgoing-handler`, which the
// operator is shown, and each request goes to the endpoint of the grant whose URL covers it.
export {};

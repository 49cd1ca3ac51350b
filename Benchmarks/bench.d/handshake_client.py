"""Makes one full handshake after the other, each with a request: PORT SECONDS VERSION CIPHER; prints how many."""
import socket, ssl, sys, time

port, seconds, version, cipher = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
if cipher:
    context.set_ciphers(cipher)
count, end = 0, time.monotonic() + seconds
while time.monotonic() < end:
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as secure:
        # With TLS 1.3 a client is done before its server is: an answer says that it is.
        secure.sendall(b"GET /healthz HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
        while secure.recv(4096):
            pass
        count += 1
print(count)

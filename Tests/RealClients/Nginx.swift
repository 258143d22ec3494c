import Foundation

/// nginx that serves a folder on the loopback device, plain and with TLS (HTTP/2 offered), with a
/// certificate of an authority of its own.
package struct Nginx: Sendable {
    /// One line of its log.
    package struct Request: Sendable {
        /// As it stood in the request, unescaped.
        package let path: String
        /// The answer's status.
        package let status: Int
        /// Bytes of body that were sent.
        package let bytes: Int
        /// `HTTP/1.1` or `HTTP/2.0`.
        package let version: String
    }

    /// Without the slash at the end.
    package let url: String
    /// The same with TLS.
    package let secureURL: String
    /// The certificate of the authority that signed its own.
    package let authority: String
    /// The program.
    package let process: ChildProcess
    private let log: String

    /// Serves `root`; keeps its own files in `folder`.
    package init(root: String, folder: String) throws {
        let (port, securePort) = (try FreePort.next(), try FreePort.next())
        url = "http://127.0.0.1:\(port)"
        secureURL = "https://127.0.0.1:\(securePort)"
        authority = folder + "/authority.pem"
        log = folder + "/access.log"
        try Self.makeCertificates(in: folder)
        let configuration = """
            daemon off; master_process off; pid \(folder)/pid; error_log \(folder)/error.log;
            events { worker_connections 256; }
            http {
                log_format short '$request_uri $status $body_bytes_sent $server_protocol';
                access_log \(log) short;
                client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/fastcgi; uwsgi_temp_path \(folder)/uwsgi;
                scgi_temp_path \(folder)/scgi;
                default_type application/octet-stream; sendfile on; keepalive_timeout 30s;
                server {
                    listen 127.0.0.1:\(port);
                    listen 127.0.0.1:\(securePort) ssl http2;
                    ssl_certificate \(folder)/server.pem;
                    ssl_certificate_key \(folder)/server.key;
                    root "\(root)";
                }
            }
            """
        let file = folder + "/nginx.conf"
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        process = try ChildProcess(["/usr/sbin/nginx", "-p", folder, "-c", file])
        let child = process
        try Deadline().wait(for: "nginx to listen: \(child.transcript)") {
            if child.hasEnded { throw RealClientError("it ended: \(child.transcript)") }
            return FreePort.isListening(port) && FreePort.isListening(securePort)
        }
    }

    /// What it has answered so far.
    package func requests() throws -> [Request] {
        try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 4, let status = Int(words[1]), let bytes = Int(words[2]) else {
                return nil
            }
            return Request(
                path: String(words[0]).removingPercentEncoding ?? "", status: status, bytes: bytes,
                version: String(words[3]))
        }
    }

    private static func makeCertificates(in folder: String) throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try ChildProcess.output(
            of: ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=test authority"] + key
                + ["-keyout", folder + "/authority.key", "-out", folder + "/authority.pem"])
        try ChildProcess.output(
            of: ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=127.0.0.1"] + key
                + ["-addext", "subjectAltName=IP:127.0.0.1"]
                + ["-addext", "basicConstraints=critical,CA:FALSE"]
                + ["-CA", folder + "/authority.pem", "-CAkey", folder + "/authority.key"]
                + ["-keyout", folder + "/server.key", "-out", folder + "/server.pem"])
    }
}

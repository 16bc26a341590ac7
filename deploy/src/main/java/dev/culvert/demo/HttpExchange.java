package dev.culvert.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * One HTTP request over a socket of a given namespace, which the clients of the JDK cannot do. Any
 * thread.
 *
 * @param sockets the namespace to ask from
 * @param server whom to ask
 * @param token the bearer token of a TLS server with a certificate of its own making, or an empty
 *     text for plain HTTP
 */
record HttpExchange(NamespaceSockets sockets, InetSocketAddress server, String token) {
    private static final int READ_LIMIT_MILLIS = 10_000;

    /** The status code and the body of an answer. */
    record Response(int status, String body) {
        /** Reads the text of a whole answer. */
        static Response parse(String text) throws IOException {
            String[] words = text.split("[ \r\n]", 3);
            if (words.length < 3 || !words[0].startsWith("HTTP/") || words[1].length() != 3) {
                throw new IOException("this is no HTTP answer: '" + text + "'");
            }
            int end = text.indexOf("\r\n\r\n");
            return new Response(Integer.parseInt(words[1]), end < 0 ? "" : text.substring(end + 4));
        }
    }

    Response get(String path) throws IOException {
        return send("GET", path, "");
    }

    Response post(String path, String json) throws IOException {
        return send("POST", path, json);
    }

    private Response send(String method, String path, String json) throws IOException {
        try (SocketChannel channel = sockets.connect(server);
                Socket socket = secured(channel.socket())) {
            socket.setSoTimeout(READ_LIMIT_MILLIS);
            OutputStream out = socket.getOutputStream();
            out.write(request(method, path, json).getBytes(StandardCharsets.UTF_8));
            out.flush();
            InputStream in = socket.getInputStream();
            return Response.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private String request(String method, String path, String json) {
        String authorization = token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n";
        return "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/json\r\n"
                        .formatted(method, path, server.getHostString(), authorization)
                + "Content-Length: %d\r\nConnection: close\r\n\r\n%s"
                        .formatted(json.getBytes(StandardCharsets.UTF_8).length, json);
    }

    private Socket secured(Socket socket) throws IOException {
        if (token.isEmpty()) {
            return socket;
        }
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustAll()}, new SecureRandom());
            return context.getSocketFactory()
                    .createSocket(socket, server.getHostString(), server.getPort(), true);
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot start TLS", e);
        }
    }

    /** Trusts the server of this demo, which made its certificate itself a moment ago. */
    private static final class TrustAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}

package dev.culvert.demo.api;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** Takes TLS off connections and hands them on to a server without it. A thread a direction. */
public final class TlsFront {
    private final SSLServerSocket listener;
    private final InetSocketAddress behind;

    private TlsFront(SSLServerSocket listener, InetSocketAddress behind) {
        this.listener = listener;
        this.behind = behind;
    }

    /**
     * Listens, with the only key of a PKCS #12 file.
     *
     * @param behind the port of the server behind it, on the loopback interface
     */
    public static TlsFront listen(
            InetAddress address, int port, Path keys, char[] password, int behind)
            throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys)) {
            store.load(in, password);
        }
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return new TlsFront(
                (SSLServerSocket)
                        context.getServerSocketFactory().createServerSocket(port, 50, address),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), behind));
    }

    /** Serves until the listening socket is closed. */
    public void run() throws IOException {
        while (!listener.isClosed()) {
            Socket client = listener.accept();
            Thread.ofVirtual().start(() -> serve(client));
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket server = new Socket(behind.getAddress(), behind.getPort())) {
            Thread answers = Thread.ofVirtual().start(() -> copy(server, client));
            copy(client, server);
            answers.join();
        } catch (IOException _) {
            // The client asks again.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Until either side ends, which ends both. */
    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException _) {
            // That is the end.
        }
    }
}

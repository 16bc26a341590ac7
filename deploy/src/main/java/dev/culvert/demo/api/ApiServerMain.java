package dev.culvert.demo.api;

import dev.culvert.agent.kube.NodeStatusDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HashMap;

/**
 * A process that serves the Kubernetes API from memory, over TLS if it is given a key: create,
 * read, update, delete and watch, without authentication, admission or controllers. It stops on
 * SIGTERM.
 */
public final class ApiServerMain {
    private ApiServerMain() {}

    /**
     * Listens and prints one line as soon as it does.
     *
     * @param args the address and the port to listen on, and for TLS the PKCS #12 file with the key
     *     and its password
     */
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        InetAddress address = InetAddress.getByName(args[0]);
        int port = Integer.parseInt(args[1]);
        if (args.length == 2) {
            serve(address, port);
            tell(address, port);
            return; // the server's own threads go on
        }
        int behind = serve();
        TlsFront front =
                TlsFront.listen(address, port, Path.of(args[2]), args[3].toCharArray(), behind);
        tell(address, port);
        front.run();
    }

    private static void tell(InetAddress address, int port) {
        PrintStream out = System.out;
        out.println("listening on " + address.getHostAddress() + ":" + port);
        out.flush();
    }

    /** Serves without TLS on the loopback interface and returns the port. */
    public static int serve() {
        return serve(InetAddress.getLoopbackAddress(), 0);
    }

    private static int serve(InetAddress address, int port) {
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(),
                        new MockWebServer(),
                        new HashMap<>(),
                        new NodeStatusDispatcher(),
                        false);
        server.init(address, port);
        return server.getPort();
    }
}

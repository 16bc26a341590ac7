package dev.culvert.demo.api;

import dev.culvert.agent.kube.NodeStatusDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.util.HashMap;

/**
 * A process that serves the Kubernetes API from memory over plain HTTP: create, read, update,
 * delete and watch, without authentication, admission or controllers. It stops on SIGTERM.
 */
public final class ApiServerMain {
    private ApiServerMain() {}

    /**
     * Listens and prints one line as soon as it does.
     *
     * @param args the address and the port to listen on
     */
    public static void main(String[] args) throws IOException {
        InetAddress address = InetAddress.getByName(args[0]);
        int port = Integer.parseInt(args[1]);
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(),
                        new MockWebServer(),
                        new HashMap<>(),
                        new NodeStatusDispatcher(),
                        false);
        server.init(address, port);
        PrintStream out = System.out;
        out.println("listening on " + address.getHostAddress() + ":" + port);
        out.flush();
    }
}

package dev.culvert.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Closes what was added to it, last added first. One thread. */
final class Closer implements AutoCloseable {
    private final List<PodServer> servers = new ArrayList<>();

    void add(PodServer server) {
        servers.add(server);
    }

    @Override
    public void close() throws IOException {
        for (PodServer server : servers.reversed()) {
            server.close();
        }
    }
}

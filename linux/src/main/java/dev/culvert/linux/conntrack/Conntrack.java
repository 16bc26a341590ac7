package dev.culvert.linux.conntrack;

import dev.culvert.linux.LinuxException;
import dev.culvert.net.IpFamily;
import java.util.List;

/** Connection tracking of one network namespace; tests have one in memory. Any thread. */
public interface Conntrack extends AutoCloseable {
    /**
     * All connections of a family. One that comes or goes meanwhile may be missing or be told
     * twice.
     */
    List<Connection> connections(IpFamily family) throws LinuxException;

    /** As {@link #connections(IpFamily)}, of one protocol only; the kernel selects. */
    List<Connection> connections(IpFamily family, int protocol) throws LinuxException;

    /**
     * Forgets a connection: its next packet is one of a new connection.
     *
     * @return false if it was gone already, also if another with the same addresses and ports took
     *     its place
     */
    boolean delete(Connection connection) throws LinuxException;

    @Override
    void close();
}

package dev.culvert.linux.conntrack;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import dev.culvert.linux.netlink.NetlinkSocket;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's connection tracking, in the network namespace of the thread that opened it, for
 * good. Any thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/netlink.7.html">netlink(7)</a>, {@code
 *     linux/netfilter/nfnetlink_conntrack.h}
 */
public final class KernelConntrack implements Conntrack {
    private final NetlinkSocket socket;

    private KernelConntrack(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** Opens a socket in the calling thread's network namespace. */
    public static KernelConntrack open() throws LinuxException {
        return new KernelConntrack(NetlinkSocket.openNetfilter());
    }

    @Override
    public List<Connection> connections(IpFamily family) throws LinuxException {
        return decode(ConntrackMessages.dump(family), family);
    }

    @Override
    public List<Connection> connections(IpFamily family, int protocol) throws LinuxException {
        return decode(ConntrackMessages.dump(family, protocol), family);
    }

    private List<Connection> decode(NetlinkRequest request, IpFamily family) throws LinuxException {
        List<Connection> connections = new ArrayList<>();
        for (NetlinkMessage message : socket.exchange(request)) {
            Connection connection = ConntrackMessages.decode(message, family);
            if (connection != null) {
                connections.add(connection);
            }
        }
        return connections;
    }

    @Override
    public boolean delete(Connection connection) throws LinuxException {
        try {
            socket.exchange(ConntrackMessages.delete(connection));
            return true;
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.ENOENT)) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}

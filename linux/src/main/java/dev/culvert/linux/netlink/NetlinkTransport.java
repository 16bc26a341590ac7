package dev.culvert.linux.netlink;

import dev.culvert.linux.LinuxException;

/** Carries datagrams to and from the kernel; tests have one in memory. One thread at a time. */
interface NetlinkTransport extends AutoCloseable {
    void send(byte[] datagram) throws LinuxException;

    /**
     * The next datagram, whole.
     *
     * @throws LinuxException with {@code ENOBUFS} if the kernel had to drop some
     */
    byte[] receive() throws LinuxException;

    @Override
    void close();
}

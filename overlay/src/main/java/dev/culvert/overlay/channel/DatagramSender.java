package dev.culvert.overlay.channel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.Errno;
import dev.culvert.linux.IoVector;
import dev.culvert.linux.UdpSocket;
import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Sends runs of equal datagrams with {@code UDP_SEGMENT}, one call a run, from one of several
 * source ports. Where the kernel or the device refuses segmentation, each datagram goes by itself.
 * One event loop.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
 */
final class DatagramSender {
    private static final int NAME_OFFSET = 0;
    private static final int NAME_LENGTH_OFFSET = 8;
    private static final int IOV_OFFSET = 16;
    private static final int IOV_LENGTH_OFFSET = 24;
    private static final int CONTROL_OFFSET = 32;
    private static final int CONTROL_LENGTH_OFFSET = 40;
    private static final int MSGHDR_BYTES = 56;
    private static final int CMSG_LENGTH = 18;
    private static final int CMSG_SPACE = 24;
    private static final int CMSG_LEVEL_OFFSET = 8;
    private static final int CMSG_TYPE_OFFSET = 12;
    private static final int CMSG_DATA_OFFSET = 16;

    private final int[] sockets;
    private final MemorySegment message;
    private final MemorySegment control;
    private final IoVector single;
    private boolean segmentation;

    DatagramSender(List<UdpSocket> sockets, int vectorCapacity) {
        Arena arena = Arena.ofAuto();
        this.sockets = sockets.stream().mapToInt(UdpSocket::number).toArray();
        this.message = arena.allocate(MSGHDR_BYTES, 8);
        this.control = arena.allocate(CMSG_SPACE, 8);
        this.single = new IoVector(arena, vectorCapacity);
        this.segmentation = sockets.stream().allMatch(UdpSocket::knowsSegmentation);
        control.set(JAVA_LONG, 0, CMSG_LENGTH);
        control.set(JAVA_INT, CMSG_LEVEL_OFFSET, UdpSocket.SOL_UDP);
        control.set(JAVA_INT, CMSG_TYPE_OFFSET, UdpSocket.UDP_SEGMENT);
    }

    boolean segmentation() {
        return segmentation;
    }

    void disableSegmentation() {
        segmentation = false;
    }

    /** See {@link UdpChannel#send}. */
    int send(int flow, MemorySegment to, IoVector datagrams, int segmentLength) {
        int socket = sockets[Integer.remainderUnsigned(flow, sockets.length)];
        boolean several = datagrams.bytes() > segmentLength;
        if (!several || segmentation) {
            long result = call(socket, to, datagrams, several ? segmentLength : 0);
            if (result >= 0 || !several || !refusesSegmentation((int) -result)) {
                return (int) Math.min(result, 0);
            }
        }
        return sendEach(socket, to, datagrams, segmentLength);
    }

    /**
     * {@code EIO}: the device cannot checksum segments, now or ever. {@code EINVAL} and {@code
     * EMSGSIZE}: this run does not fit the path, its datagrams may go as fragments.
     */
    private boolean refusesSegmentation(int errno) {
        if (errno == Errno.EIO.number()) {
            segmentation = false;
            return true;
        }
        return errno == Errno.EINVAL.number() || errno == Errno.EMSGSIZE.number();
    }

    private int sendEach(int socket, MemorySegment to, IoVector datagrams, int segmentLength) {
        int worst = 0;
        for (long at = 0; at < datagrams.bytes(); at += segmentLength) {
            single.copyRange(datagrams, at, Math.min(segmentLength, datagrams.bytes() - at));
            worst = (int) Math.min(worst, call(socket, to, single, 0));
        }
        return worst;
    }

    private long call(int socket, MemorySegment to, IoVector vector, int segmentLength) {
        message.set(JAVA_LONG, NAME_OFFSET, to.address());
        message.set(JAVA_INT, NAME_LENGTH_OFFSET, (int) to.byteSize());
        message.set(JAVA_LONG, IOV_OFFSET, vector.address());
        message.set(JAVA_LONG, IOV_LENGTH_OFFSET, vector.count());
        if (segmentLength > 0) {
            control.set(JAVA_SHORT, CMSG_DATA_OFFSET, (short) segmentLength);
            message.set(JAVA_LONG, CONTROL_OFFSET, control.address());
            message.set(JAVA_LONG, CONTROL_LENGTH_OFFSET, CMSG_SPACE);
        } else {
            message.set(JAVA_LONG, CONTROL_OFFSET, 0);
            message.set(JAVA_LONG, CONTROL_LENGTH_OFFSET, 0);
        }
        return LibC.sendmsg(socket, message.address(), 0);
    }
}

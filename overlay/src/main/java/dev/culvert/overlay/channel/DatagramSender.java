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
    private static final int CMSG_SEGMENT_LENGTH = 18;
    private static final int CMSG_CLASS_LENGTH = 20;
    private static final int CMSG_SPACE = 24;
    private static final int CMSG_LEVEL_OFFSET = 8;
    private static final int CMSG_TYPE_OFFSET = 12;
    private static final int CMSG_DATA_OFFSET = 16;

    private final int[] sockets;
    private final MemorySegment message;

    /** The control message of segmentation, and behind it that of the traffic class. */
    private final MemorySegment control;

    private final IoVector single;
    private boolean segmentation;
    private Runnable listener = () -> {};

    DatagramSender(List<UdpSocket> sockets, int vectorCapacity) {
        Arena arena = Arena.ofAuto();
        this.sockets = sockets.stream().mapToInt(UdpSocket::number).toArray();
        this.message = arena.allocate(MSGHDR_BYTES, 8);
        this.control = arena.allocate(2 * CMSG_SPACE, 8);
        this.single = new IoVector(arena, vectorCapacity);
        this.segmentation = sockets.stream().allMatch(UdpSocket::knowsSegmentation);
        UdpSocket any = sockets.getFirst();
        writeHeader(0, CMSG_SEGMENT_LENGTH, UdpSocket.SOL_UDP, UdpSocket.UDP_SEGMENT);
        writeHeader(CMSG_SPACE, CMSG_CLASS_LENGTH, any.trafficClassLevel(), any.trafficClassType());
    }

    private void writeHeader(long at, int length, int level, int type) {
        control.set(JAVA_LONG, at, length);
        control.set(JAVA_INT, at + CMSG_LEVEL_OFFSET, level);
        control.set(JAVA_INT, at + CMSG_TYPE_OFFSET, type);
    }

    boolean segmentation() {
        return segmentation;
    }

    void disableSegmentation() {
        segmentation = false;
    }

    void whenSegmentationFails(Runnable told) {
        listener = told;
    }

    int sourceOf(int flow) {
        return Integer.remainderUnsigned(flow, sockets.length);
    }

    /** See {@link UdpChannel#send}. */
    int send(
            int source, MemorySegment to, IoVector datagrams, int segmentLength, int trafficClass) {
        control.set(JAVA_INT, CMSG_SPACE + CMSG_DATA_OFFSET, trafficClass);
        boolean marked = trafficClass != 0;
        boolean several = datagrams.bytes() > segmentLength;
        if (!several || segmentation) {
            writeControl(several ? segmentLength : 0, marked);
            long result = call(sockets[source], to, datagrams);
            if (result >= 0 || !several || !refusesSegmentation((int) -result)) {
                return (int) Math.min(result, 0);
            }
        }
        writeControl(0, marked);
        return sendEach(sockets[source], to, datagrams, segmentLength);
    }

    /**
     * {@code EIO}: the device cannot checksum segments, now or ever. {@code EINVAL} and {@code
     * EMSGSIZE}: this run does not fit the path, its datagrams may go as fragments.
     */
    private boolean refusesSegmentation(int errno) {
        if (errno == Errno.EIO.number()) {
            segmentation = false;
            listener.run();
            return true;
        }
        return errno == Errno.EINVAL.number() || errno == Errno.EMSGSIZE.number();
    }

    private int sendEach(int socket, MemorySegment to, IoVector datagrams, int segmentLength) {
        int worst = 0;
        for (long at = 0; at < datagrams.bytes(); at += segmentLength) {
            single.copyRange(datagrams, at, Math.min(segmentLength, datagrams.bytes() - at));
            worst = (int) Math.min(worst, call(socket, to, single));
        }
        return worst;
    }

    private void writeControl(int segmentLength, boolean marked) {
        int first = segmentLength > 0 ? 0 : CMSG_SPACE;
        int end = marked ? 2 * CMSG_SPACE : CMSG_SPACE;
        control.set(JAVA_SHORT, CMSG_DATA_OFFSET, (short) segmentLength);
        message.set(JAVA_LONG, CONTROL_OFFSET, end > first ? control.address() + first : 0);
        message.set(JAVA_LONG, CONTROL_LENGTH_OFFSET, end - first);
    }

    private long call(int socket, MemorySegment to, IoVector vector) {
        message.set(JAVA_LONG, NAME_OFFSET, to.address());
        message.set(JAVA_INT, NAME_LENGTH_OFFSET, (int) to.byteSize());
        message.set(JAVA_LONG, IOV_OFFSET, vector.address());
        message.set(JAVA_LONG, IOV_LENGTH_OFFSET, vector.count());
        return LibC.sendmsg(socket, message.address(), 0);
    }

    /** Bytes of its memory. */
    long bufferBytes() {
        return message.byteSize() + control.byteSize() + single.bufferBytes();
    }
}

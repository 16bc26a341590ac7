package dev.culvert.overlay;

import dev.culvert.linux.SocketMemory;
import dev.culvert.overlay.channel.UdpChannel;

/**
 * What waits in the kernel's queues of the UDP sockets of all event loops, in bytes as the kernel
 * accounts for them, which is more than the packets' own. Immutable.
 *
 * @param receive received, and not yet taken by the agent
 * @param receiveLimit when the kernel drops what comes
 * @param send handed over, and not yet taken by the network device
 * @param sendLimit when the kernel refuses more
 */
public record QueueLevels(long receive, long receiveLimit, long send, long sendLimit) {
    static final QueueLevels NONE = new QueueLevels(0, 0, 0, 0);

    static QueueLevels of(UdpChannel wire) {
        SocketMemory receiver = wire.receiverMemory();
        SocketMemory senders = wire.senderMemory();
        return new QueueLevels(
                receiver.received(),
                receiver.receiveBuffer(),
                senders.sent(),
                senders.sendBuffer());
    }

    QueueLevels plus(QueueLevels other) {
        return new QueueLevels(
                receive + other.receive,
                receiveLimit + other.receiveLimit,
                send + other.send,
                sendLimit + other.sendLimit);
    }
}

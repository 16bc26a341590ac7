package dev.culvert.demo;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Datagrams from one byte to beyond the MTU; the receiver answers as it does over TCP. */
final class UdpProbe implements Probe {
    private static final int READ_LIMIT_MILLIS = 2_000;
    private static final int HEADERS = 28;

    private final List<Integer> sizes;

    /**
     * Chooses the sizes.
     *
     * @param podMtu bytes of the largest packet; one size just fits and the next does not
     */
    UdpProbe(int podMtu) {
        this.sizes = List.of(1, 64, 1400, podMtu - HEADERS, podMtu - HEADERS + 1, 4000, 8000);
    }

    @Override
    public String name() {
        return "UDP";
    }

    @Override
    public Outcome run(Endpoint sender, Pod receiver) {
        InetSocketAddress peer =
                new InetSocketAddress(InetAddress.ofLiteral(receiver.address()), PodServer.PORT);
        try (DatagramChannel channel = sender.sockets().datagram()) {
            DatagramSocket socket = channel.socket();
            socket.connect(peer);
            socket.setSoTimeout(READ_LIMIT_MILLIS);
            for (int size : sizes) {
                Outcome outcome = exchange(socket, size, sender);
                if (!outcome.good()) {
                    return Outcome.failure(size + " bytes: " + outcome.detail());
                }
            }
            return Outcome.success();
        } catch (IOException e) {
            return Outcome.failure(String.valueOf(e.getMessage()));
        }
    }

    private static Outcome exchange(DatagramSocket socket, int size, Endpoint sender) {
        byte[] payload = new byte[size];
        new Random(size).nextBytes(payload);
        DatagramPacket answer = new DatagramPacket(new byte[512], 512);
        try {
            socket.send(new DatagramPacket(payload, size));
            socket.receive(answer);
        } catch (IOException e) {
            return Outcome.failure(String.valueOf(e.getMessage()));
        }
        String text = new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
        return Outcome.ofAnswer(text, Digest.of(payload), sender);
    }
}

package dev.culvert.demo;

import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** A few megabytes over TCP; the receiver answers with their digest and the sender's address. */
final class TcpProbe implements Probe {
    private static final int READ_LIMIT_MILLIS = 10_000;

    private final byte[] payload;
    private final String digest;

    /**
     * Makes the bytes.
     *
     * @param bytes how many to send
     * @param seed what the bytes are made from
     */
    TcpProbe(int bytes, long seed) {
        this.payload = new byte[bytes];
        new Random(seed).nextBytes(payload);
        this.digest = Digest.of(payload);
    }

    @Override
    public String name() {
        return "TCP";
    }

    @Override
    public Outcome run(Endpoint sender, Pod receiver) {
        InetSocketAddress peer =
                new InetSocketAddress(InetAddress.ofLiteral(receiver.address()), PodServer.PORT);
        try (SocketChannel channel = sender.sockets().connect(peer)) {
            channel.socket().setSoTimeout(READ_LIMIT_MILLIS);
            DataOutputStream out = new DataOutputStream(channel.socket().getOutputStream());
            out.writeLong(payload.length);
            out.write(payload);
            out.flush();
            byte[] answer = channel.socket().getInputStream().readAllBytes();
            return Outcome.ofAnswer(new String(answer, StandardCharsets.UTF_8), digest, sender);
        } catch (IOException e) {
            return Outcome.failure(String.valueOf(e.getMessage()));
        }
    }
}

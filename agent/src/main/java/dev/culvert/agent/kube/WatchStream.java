package dev.culvert.agent.kube;

import io.fabric8.kubernetes.client.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection that events come through. The client's threads put in, one thread takes out; the
 * next event is asked for when one is taken, so that no more than one waits here.
 */
final class WatchStream implements WebSocket.Listener, AutoCloseable {
    /** RFC 6455, section 7.4.1: any other code is a server that goes away or has trouble. */
    private static final int NORMAL = 1000;

    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private volatile @Nullable WebSocket socket;
    private volatile boolean closed;

    /** What came. */
    sealed interface Message {
        /** An event as JSON. */
        record Event(String text) implements Message {}

        /**
         * The end.
         *
         * @param orderly whether the server said so
         * @param reason a few words
         */
        record End(boolean orderly, String reason) implements Message {}
    }

    /** The next one, or null if none comes in time. */
    @Nullable Message poll(Duration wait) throws InterruptedException {
        Message message = messages.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
        if (message instanceof Message.Event) {
            request();
        }
        return message;
    }

    private void request() {
        WebSocket current = socket;
        if (current != null) {
            current.request();
        }
    }

    @Override
    public void onOpen(WebSocket opened) {
        socket = opened;
        if (closed) {
            leave(opened);
        }
    }

    @Override
    public void onMessage(WebSocket from, String text) {
        messages.add(new Message.Event(text));
    }

    @Override
    public void onMessage(WebSocket from, ByteBuffer bytes) {
        onMessage(from, StandardCharsets.UTF_8.decode(bytes).toString());
    }

    @Override
    public void onClose(WebSocket from, int code, String reason) {
        messages.add(new Message.End(code == NORMAL, "closed with code " + code));
        leave(from);
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        messages.add(new Message.End(false, ResourceApi.reason(failure)));
    }

    private static void leave(WebSocket socket) {
        socket.sendClose(NORMAL, "");
    }

    /** Leaves; what still comes is of no interest. */
    @Override
    public void close() {
        closed = true;
        WebSocket current = socket;
        if (current != null) {
            leave(current);
        }
    }
}

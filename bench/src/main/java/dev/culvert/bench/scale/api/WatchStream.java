package dev.culvert.bench.scale.api;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import java.util.concurrent.TimeUnit;

/**
 * One watch: events as messages of a WebSocket or as lines of a response that does not end. Told by
 * any thread, one at a time; writes in that order.
 */
final class WatchStream implements ResourceStore.Watcher {
    private static final int BOOKMARK_SECONDS = 60;

    /** A reader that is this far behind is let go. */
    private static final long MOST_WAITING = 256L << 20;

    private final ResourceStore store;
    private final FieldSelector selector;
    private final Channel channel;
    private final boolean webSocket;

    WatchStream(ResourceStore store, FieldSelector selector, Channel channel, boolean webSocket) {
        this.store = store;
        this.selector = selector;
        this.channel = channel;
        this.webSocket = webSocket;
    }

    /**
     * Begins to send; it ends with the channel.
     *
     * @param request what was asked for
     */
    void start(WatchRequest request) throws ApiStatus {
        long told = store.watch(request.initialEvents() ? 0 : request.version(), this);
        channel.closeFuture().addListener(_ -> store.unwatch(this));
        if (request.initialEvents() && request.bookmarks()) {
            bookmark(told, ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}");
        }
        if (request.bookmarks()) {
            var _ =
                    channel.eventLoop()
                            .scheduleAtFixedRate(
                                    () -> store.atRest(version -> bookmark(version, "")),
                                    BOOKMARK_SECONDS,
                                    BOOKMARK_SECONDS,
                                    TimeUnit.SECONDS);
        }
        if (request.timeoutSeconds() > 0) {
            var _ =
                    channel.eventLoop()
                            .schedule(this::end, request.timeoutSeconds(), TimeUnit.SECONDS);
        }
    }

    /**
     * What a watch is asked to tell.
     *
     * @param version changes after it
     * @param initialEvents all objects first, as additions
     * @param bookmarks versions now and then while nothing happens
     * @param timeoutSeconds how long; 0 for as long as the client likes
     */
    record WatchRequest(
            long version, boolean initialEvents, boolean bookmarks, long timeoutSeconds) {}

    @Override
    public void changed(ResourceStore.Change change) {
        ApiObject before = change.before();
        ApiObject after = change.after();
        boolean was = before != null && selector.matches(before);
        boolean is = after != null && selector.matches(after);
        if (is && after != null) {
            send(was ? "MODIFIED" : "ADDED", after.json());
        } else if (was && before != null) {
            send("DELETED", before.body().json(change.version()));
        }
    }

    private void bookmark(long version, String more) {
        send(
                "BOOKMARK",
                ("{\"kind\":\"%s\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%d\","
                                + "\"creationTimestamp\":null%s}}")
                        .formatted(store.kind(), version, more));
    }

    /** Says why there will be no more events. */
    void fail(ApiStatus status) {
        send("ERROR", status.json());
        end();
    }

    private void send(String type, String object) {
        if (!channel.isWritable() && channel.bytesBeforeWritable() > MOST_WAITING) {
            var _ = channel.close();
            return;
        }
        String text = "{\"type\":\"" + type + "\",\"object\":" + object + "}";
        Object message =
                webSocket
                        ? new TextWebSocketFrame(text)
                        : new DefaultHttpContent(
                                ByteBufUtil.writeUtf8(channel.alloc(), text + "\n"));
        var _ = channel.writeAndFlush(message, channel.voidPromise());
    }

    private void end() {
        channel.writeAndFlush(
                        webSocket
                                ? new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE)
                                : LastHttpContent.EMPTY_LAST_CONTENT)
                .addListener(ChannelFutureListener.CLOSE);
    }
}

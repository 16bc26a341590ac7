package dev.culvert.bench.scale.api;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The requests of one connection. On its event loop. */
final class ApiHandler extends SimpleChannelInboundHandler<Object> {
    private final Map<String, ResourceStore> stores;
    private final String token;
    private final ApiServer.Listener listener;

    ApiHandler(Map<String, ResourceStore> stores, String token, ApiServer.Listener listener) {
        this.stores = stores;
        this.token = token;
        this.listener = listener;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, Object message) {
        switch (message) {
            case FullHttpRequest request -> answer(context.channel(), request);
            case PingWebSocketFrame ping -> pong(context.channel(), ping);
            case CloseWebSocketFrame _ -> close(context.channel());
            default -> {}
        }
    }

    private static void pong(Channel channel, PingWebSocketFrame ping) {
        var _ = channel.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
    }

    private static void close(Channel channel) {
        var _ = channel.close();
    }

    private void answer(Channel channel, FullHttpRequest request) {
        try {
            if (!("Bearer " + token).equals(request.headers().get("Authorization"))) {
                throw new ApiStatus(401, "Unauthorized", "Unauthorized");
            }
            route(channel, request, new ApiPath(new QueryStringDecoder(request.uri())));
        } catch (ApiStatus status) {
            var _ = respond(channel, request, status.code(), status.json());
        }
    }

    private void route(Channel channel, FullHttpRequest request, ApiPath path) throws ApiStatus {
        if (path.isEvents() && request.method().equals(HttpMethod.POST)) {
            var _ =
                    respond(
                            channel,
                            request,
                            201,
                            request.content().toString(StandardCharsets.UTF_8));
            return;
        }
        ResourceStore store = stores.get(path.plural());
        if (store == null) {
            throw ApiStatus.notFound(path.toString());
        }
        if (request.method().equals(HttpMethod.PATCH)) {
            patch(channel, request, store, path);
        } else if (!request.method().equals(HttpMethod.GET)) {
            throw new ApiStatus(405, "MethodNotAllowed", request.method() + " is not served");
        } else if (!path.key().isEmpty()) {
            var _ = respond(channel, request, 200, found(store.get(path.key()), path).json());
        } else if (path.flag("watch")) {
            watch(channel, request, store, path);
        } else {
            list(channel, request, store, path);
        }
    }

    private static ApiObject found(@Nullable ApiObject object, ApiPath path) throws ApiStatus {
        if (object == null) {
            throw ApiStatus.notFound(path.toString());
        }
        return object;
    }

    private static void patch(
            Channel channel, FullHttpRequest request, ResourceStore store, ApiPath path)
            throws ApiStatus {
        String type = request.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
        boolean strategic = type.startsWith("application/strategic-merge-patch+json");
        if (!strategic && !type.startsWith("application/merge-patch+json")) {
            throw new ApiStatus(
                    415, "UnsupportedMediaType", "cannot apply a patch of type " + type);
        }
        JsonNode patch = Patches.read(request.content().toString(StandardCharsets.UTF_8));
        ApiObject changed = store.edit(path.key(), body -> Patches.apply(body, patch, strategic));
        var _ = respond(channel, request, 200, found(changed, path).json());
    }

    private void list(Channel channel, FullHttpRequest request, ResourceStore store, ApiPath path)
            throws ApiStatus {
        ResourceStore.Page page =
                store.list(path.selector(), (int) path.number("limit"), path.text("continue"));
        StringBuilder text = new StringBuilder(1 << 16);
        text.append("{\"kind\":\"").append(store.kind()).append("List\",\"apiVersion\":\"v1\",");
        text.append("\"metadata\":{\"resourceVersion\":\"").append(page.version()).append('"');
        if (!page.next().isEmpty()) {
            text.append(",\"continue\":\"").append(page.next()).append('"');
            if (path.selector().terms().isEmpty()) {
                text.append(",\"remainingItemCount\":").append(page.remaining());
            }
        }
        text.append("},\"items\":[");
        List<ApiObject> items = page.items();
        for (int i = 0; i < items.size(); i++) {
            text.append(i == 0 ? "" : ",").append(items.get(i).json());
        }
        String body = text.append("]}").toString();
        listener.sending(store.plural(), page.next().isEmpty());
        respond(channel, request, 200, body)
                .addListener(_ -> listener.sent(store.plural(), page.next().isEmpty()));
    }

    private static void watch(
            Channel channel, FullHttpRequest request, ResourceStore store, ApiPath path)
            throws ApiStatus {
        boolean webSocket = request.headers().contains(HttpHeaderNames.UPGRADE, "websocket", true);
        WatchStream stream = new WatchStream(store, path.selector(), channel, webSocket);
        WatchStream.WatchRequest what =
                new WatchStream.WatchRequest(
                        path.number("resourceVersion"),
                        path.flag("sendInitialEvents"),
                        path.flag("allowWatchBookmarks"),
                        path.number("timeoutSeconds"));
        if (webSocket) {
            WebSocketServerHandshaker handshaker =
                    new WebSocketServerHandshakerFactory(request.uri(), null, false, 1 << 20)
                            .newHandshaker(request);
            if (handshaker == null) {
                throw ApiStatus.badRequest("unknown version of WebSocket");
            }
            var _ = handshaker.handshake(channel, request);
        } else {
            HttpResponse head =
                    new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            head.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
            HttpUtil.setTransferEncodingChunked(head, true);
            var _ = channel.writeAndFlush(head);
        }
        try {
            stream.start(what);
        } catch (ApiStatus status) {
            stream.fail(status);
        }
    }

    private static ChannelFuture respond(
            Channel channel, FullHttpRequest request, int code, String json) {
        ByteBuf content = ByteBufUtil.writeUtf8(channel.alloc(), json);
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), content);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
        HttpUtil.setContentLength(response, content.readableBytes());
        HttpUtil.setKeepAlive(response, HttpUtil.isKeepAlive(request));
        return channel.writeAndFlush(response);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A client that went away, or a fault of ours that the client will see as a closed line.
        close(context.channel());
    }
}

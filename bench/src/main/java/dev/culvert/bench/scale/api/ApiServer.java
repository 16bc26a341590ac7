package dev.culvert.bench.scale.api;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An API server over HTTPS with one event loop. {@link #start} on a thread of the network namespace
 * that it shall listen in; the rest from any.
 */
public final class ApiServer implements AutoCloseable {
    private static final int LARGEST_REQUEST = 1 << 20;

    private final Map<String, ResourceStore> stores;
    private final SslContext tls;
    private final String token;
    private final Listener listener;
    private @Nullable MultiThreadIoEventLoopGroup group;

    /** Is told of lists; on the event loop. */
    public interface Listener {
        /** A page is written out and about to be sent. */
        void sending(String plural, boolean last);

        /** The kernel has taken all of a page. */
        void sent(String plural, boolean last);
    }

    /**
     * @param stores what it serves
     * @param token what clients have to show
     */
    public ApiServer(List<ResourceStore> stores, SslContext tls, String token, Listener listener) {
        this.stores =
                stores.stream()
                        .collect(Collectors.toMap(ResourceStore::plural, Function.identity()));
        this.tls = tls;
        this.token = token;
        this.listener = listener;
    }

    /** Listens. */
    public void start(InetSocketAddress address) {
        MultiThreadIoEventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        group = loops;
        Channel bound =
                new ServerBootstrap()
                        .group(loops)
                        .channel(NioServerSocketChannel.class)
                        .childHandler(new Connection())
                        .bind(address)
                        .syncUninterruptibly()
                        .channel();
        if (!bound.isActive()) {
            throw new IllegalStateException("cannot listen on " + address);
        }
    }

    /** Sets up a connection. */
    private final class Connection extends ChannelInitializer<SocketChannel> {
        @Override
        protected void initChannel(SocketChannel channel) {
            channel.pipeline()
                    .addLast(tls.newHandler(channel.alloc()))
                    .addLast(new HttpServerCodec())
                    .addLast(new HttpObjectAggregator(LARGEST_REQUEST))
                    .addLast(new ApiHandler(stores, token, listener));
        }
    }

    @Override
    public void close() {
        MultiThreadIoEventLoopGroup loops = group;
        if (loops != null) {
            group = null;
            loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}

// java -Dsun.net.httpserver.idleInterval=SECONDS -Dsun.net.httpserver.clockTick=1000 Receiver.java PORT
import com.sun.net.httpserver.HttpServer;
import java.io.FileOutputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

public class Receiver {
    public static void main(String[] arguments) throws Exception {
        var ids = new FileOutputStream(System.getenv("IDS"), true);
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            var id = exchange.getRequestHeaders().getFirst("webhook-id");
            if (id != null) {
                synchronized (ids) { ids.write((id + "\n").getBytes()); }
            }
            exchange.sendResponseHeaders(200, 2);
            try (var body = exchange.getResponseBody()) { body.write("ok".getBytes()); }
        });
        server.start();
    }
}

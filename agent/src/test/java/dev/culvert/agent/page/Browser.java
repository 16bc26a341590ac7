package dev.culvert.agent.page;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/**
 * Headless Chromium of the distribution, driven by Playwright, which downloads nothing. It counts
 * what goes wrong inside: exceptions, errors on the console, requests to anywhere else. One thread.
 */
final class Browser implements AutoCloseable {
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");

    private final Playwright playwright;
    private final com.microsoft.playwright.Browser browser;
    private final List<String> troubles = new ArrayList<>();

    private Browser(Playwright playwright, com.microsoft.playwright.Browser browser) {
        this.playwright = playwright;
        this.browser = browser;
    }

    /** Starts it; without Chromium the test is skipped. */
    static Browser start() {
        Assumptions.assumeTrue(
                Files.isExecutable(CHROMIUM), CHROMIUM + " is missing: install package chromium");
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        Playwright playwright =
                Playwright.create(new Playwright.CreateOptions().setEnv(environment));
        return new Browser(
                playwright,
                playwright
                        .chromium()
                        .launch(
                                new BrowserType.LaunchOptions()
                                        .setExecutablePath(CHROMIUM)
                                        .setArgs(
                                                List.of(
                                                        "--no-sandbox", // its own needs a user
                                                        "--disable-gpu",
                                                        "--disable-quic",
                                                        "--no-first-run",
                                                        "--disable-background-networking",
                                                        "--disable-component-update",
                                                        "--disable-sync"))));
    }

    /** Opens a page in a window of its own. */
    Page open(String url, com.microsoft.playwright.Browser.NewContextOptions options) {
        Page page = browser.newContext(options).newPage();
        page.onPageError(troubles::add);
        page.onConsoleMessage(
                message -> {
                    if (message.type().equals("error")) {
                        troubles.add(message.text());
                    }
                });
        page.onRequest(
                request -> {
                    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) {
                        troubles.add("asks " + request.url());
                    }
                });
        page.navigate(url);
        return page;
    }

    /** Closes all windows and tells what went wrong in them. */
    List<String> closeWindows() {
        browser.contexts().forEach(BrowserContext::close);
        List<String> found = List.copyOf(troubles);
        troubles.clear();
        return found;
    }

    /** What went wrong so far. */
    List<String> troubles() {
        return troubles;
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}

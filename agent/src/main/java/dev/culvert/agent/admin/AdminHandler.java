package dev.culvert.agent.admin;

import java.io.IOException;

/** Answers one kind of request, on a thread of its own for each. */
@FunctionalInterface
public interface AdminHandler {

    /**
     * Answers, at most once.
     *
     * @throws AdminException what is wrong with the request, which becomes the answer
     * @throws IOException if the caller is gone or something failed
     */
    void handle(AdminRequest request, AdminAnswer answer) throws IOException;
}

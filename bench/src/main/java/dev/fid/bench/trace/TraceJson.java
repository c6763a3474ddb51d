package dev.fid.bench.trace;

import dev.fid.bench.measure.Json;
import dev.fid.kernel.Errno;
import dev.fid.model.Ledger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A walk as JSON, `fid.trace/1`: every call, none folded.
final class TraceJson {
    private TraceJson() {}

    static String of(Trace trace) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("schema", "fid.trace/1");
        json.put("src_kind", trace.in().toString());
        json.put("dst_kinds", trace.outs().stream().map(Place::toString).toList());
        json.put("profile", trace.profile().name());
        json.put("bytes", trace.length());
        json.put("method", trace.method());
        json.put("notes", trace.notes());
        json.put("bill", bill(trace.bill()));
        json.put("read_write_bill", bill(trace.plain()));
        json.put("steps", trace.steps().stream().map(TraceJson::step).toList());
        return Json.of(json);
    }

    private static Map<String, Object> bill(Ledger.Bill bill) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("copied", bill.copied());
        json.put("copied_to_user", bill.copiedToUser());
        json.put("copied_from_user", bill.copiedFromUser());
        json.put("copied_inside", bill.copiedInside());
        json.put("copied_by_user", bill.copiedByUser());
        json.put("references_taken", bill.referencesTaken());
        json.put("references_dropped", bill.referencesDropped());
        json.put("pages_read", bill.pagesRead());
        json.put("calls", bill.calls());
        json.put("mode_switches", bill.modeSwitches());
        return json;
    }

    private static Map<String, @Nullable Object> step(Step step) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("actor", step.actor().toString());
        json.put("call", step.call());
        json.put("arguments", step.arguments());
        json.put("result", step.result());
        json.put("errno", step.result() < 0 ? Errno.name((int) -step.result()) : null);
        json.put("functions", step.functions());
        json.put("bill", bill(step.bill()));
        List<Object> pipes = new ArrayList<>();
        step.rings().forEach(ring -> pipes.add(ring(ring)));
        json.put("pipes", pipes);
        List<Object> files = new ArrayList<>();
        for (Step.Store store : step.stores()) {
            files.add(Map.of(
                    "name", store.name(), "cached", store.cached(), "held", store.held(), "dirty", store.dirty()));
        }
        json.put("files", files);
        List<Object> sockets = new ArrayList<>();
        for (Step.Queue queue : step.queues()) {
            sockets.add(Map.of("name", queue.name(), "bytes", queue.bytes(), "pages", queue.pages()));
        }
        json.put("sockets", sockets);
        return json;
    }

    private static Map<String, Object> ring(Step.Ring ring) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", ring.name());
        json.put("slots", ring.slots());
        json.put("head", ring.head());
        json.put("tail", ring.tail());
        json.put("bytes", ring.buffered());
        List<Object> used = new ArrayList<>();
        for (Step.Slot slot : ring.used()) {
            Map<String, Object> each = new LinkedHashMap<>();
            each.put("page", slot.page());
            each.put("ops", slot.ops().name());
            each.put("offset", slot.offset());
            each.put("len", slot.len());
            each.put("can_merge", slot.canMerge());
            each.put("gift", slot.gift());
            each.put("references", slot.references());
            used.add(each);
        }
        json.put("buffers", used);
        return json;
    }
}

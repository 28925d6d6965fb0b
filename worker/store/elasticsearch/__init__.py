"""The store on Elasticsearch 9: three aliases over versioned indices, shared by any number of workers."""

from worker.store.elasticsearch.store import ElasticsearchStore, open_elasticsearch

__all__ = ["ElasticsearchStore", "open_elasticsearch"]

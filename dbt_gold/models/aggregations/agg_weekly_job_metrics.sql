{{ job_metrics('week_key', iso_week_key('posted_at')) }}
